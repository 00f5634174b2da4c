"""From run folders to tables: reads what attack.py leaves and never runs a network."""
