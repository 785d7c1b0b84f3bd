"""Weekly demand, weeks ahead: the pipeline that `sluice init` writes."""
