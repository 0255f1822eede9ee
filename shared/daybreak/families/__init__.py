"""What can be measured. The definitions, the SQL and the summary of each family are side by side.

Knows no lake and no database.
"""
