"""The metric jobs: from the derived tables of the lake to the result tables of each family."""
