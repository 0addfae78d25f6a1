"""The commands, one file each; they import what they need when they run, to start quickly."""
