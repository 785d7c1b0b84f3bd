"""Is a tumour malignant: the pipeline that `sluice init --kind classification` writes."""
