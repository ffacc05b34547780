"""Load drivers, and what they print. Ratios within one run on one machine are what counts."""
