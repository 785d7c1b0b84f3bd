"""How far a disease progresses: the pipeline that `sluice init --kind regression` writes."""
