"""The estate's stores: their tables, how to create, fill and read them. Knows nothing of the gateway."""
