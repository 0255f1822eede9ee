"""Everything that calls AWS, and nothing else: boto3 is imported only here."""
