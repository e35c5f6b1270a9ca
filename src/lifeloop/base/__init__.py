"""What every room stands on: errors, clock, money, ids, texts, settings, registry."""
