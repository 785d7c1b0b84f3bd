"""Returns per product and market, weeks ahead: the example pipeline of Sluice."""
