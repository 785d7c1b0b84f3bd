"""What a pipeline of Sluice needs in Python.

Modules are imported one by one (`from sluice_ml import panel`), so that a stage loads only what it uses.
"""
