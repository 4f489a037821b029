"""iPerform's own database: leads, the sales team, its messages and tickets."""
