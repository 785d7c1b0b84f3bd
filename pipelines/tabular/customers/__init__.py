"""The data that all families share; standard library only."""
