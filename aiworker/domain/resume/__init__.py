"""What aiworker knows about resumes.

A resume is the text PostgreSQL hands out. Nothing here dumps a parsed document: new bullet texts are spliced into
the stored text, so 8.40, key order and spacing survive.
"""
