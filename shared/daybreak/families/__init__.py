"""What can be measured. Of each family its definitions, its SQL and its summary stand side by side.

Knows no lake and no database.
"""
