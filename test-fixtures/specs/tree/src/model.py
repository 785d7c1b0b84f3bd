# a model's code
