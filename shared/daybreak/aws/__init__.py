"""Everything that speaks to Amazon, and nothing else: boto3 appears only here."""
