"""The run itself: configuration, crafting, judging, tables. It alone knows the other folders."""
