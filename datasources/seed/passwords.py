"""bcrypt hashes of the password `demo`, made beforehand: hashing takes long and draws random salts."""

DEMO_HASHES = (
    "$2b$10$FZeZN02L.ntii8Epr2Mx3.Nlh4.nkg35JRJ.cUVvG6SNcLIgHgw/y",
    "$2b$10$X/1jpfjO5Y2xnVeerdI7Gux746N/9Po0cVnPxZ0G.X3xRGAkvqjam",
    "$2b$10$VQrypl.cUwBH5EstGX9XYOM1XsUuTfbHbZKfP2JKRfPizHrCZWFy.",
    "$2b$10$.lkWDTWyk94WegGiGSxYQel/RoCEPtpP3JOSqBB1K.Pe.HEuKWcVW",
    "$2b$10$xSXjL2bjL0cvhvFS1v0L2.5PtQ5bRNKpeXTrarPp.YZo4EY9GXIo2",
    "$2b$10$d2F40kw5mJzQVZBhyvoT8uWCSli0uBqliLtTulJxPTVpHy1s9fq1i",
    "$2b$10$8.eHJEcGil5zaCT0ilvFLu3jzRrX2lCygVyVu.64pBeH/f66ZQ.ui",
    "$2b$10$05g8Incev7OkI4iDPKwHZu3Djlo35lvFkzSLOt3qK5NoAqFCR9FZe",
)

# The same kind of hash as PHP writes it: the estate holds both prefixes.
PHP_HASHES = tuple("$2y$" + value.removeprefix("$2b$") for value in DEMO_HASHES)
