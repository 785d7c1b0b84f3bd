"""Which pictures show the same digit: the pipeline that `sluice init --kind own` writes."""
