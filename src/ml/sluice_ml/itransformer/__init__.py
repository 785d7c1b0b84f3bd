"""iTransformer: forecasting by attention between series instead of between times.

Written from the paper (Liu et al., "iTransformer: Inverted Transformers Are Effective for Time Series
Forecasting", arXiv 2310.06625). In JAX, because that installs in a minute, with or without an accelerator, and
because nothing of it is left in the model: `export` writes plain ONNX.

`network` is the model, `training` the loop around any loss, `export` the graph, `table` a loader for files of
series, and `python -m sluice_ml.itransformer.reproduce FILE.csv` a benchmark as papers report it.

Needs jax and optax (`export` onnx as well), which an environment that asks for sluice_ml pins in its own lock.
"""
