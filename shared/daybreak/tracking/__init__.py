"""What arrived, set against the tracking plan."""
