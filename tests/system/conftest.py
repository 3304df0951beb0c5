"""Everything is in the laboratory."""

pytest_plugins = ["lab.fixtures"]
