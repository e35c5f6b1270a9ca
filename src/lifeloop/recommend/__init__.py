"""Which product to show to whom: item-item matrices, placements, rules and reasons."""
