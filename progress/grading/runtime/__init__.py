"""Runs inside an interpreter beside learner code: in the server's sandbox and in the reader's browser.

Pure Python of the standard library, 3.11 and later, with relative imports only, so that the same files are this package
here and `grading.runtime` in there. Owns no expected value and no verdict: it evaluates and describes.
"""
