"""What report/build holds the report against: its sources (markup, sources), its words (spelling) and its PDF (pdf)."""


class Failure(Exception):
    """What is wrong, in a sentence for whoever edits the report."""
