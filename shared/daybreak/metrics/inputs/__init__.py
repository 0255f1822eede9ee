"""The tables a family's SQL joins, made from the derived tables of the lake."""
