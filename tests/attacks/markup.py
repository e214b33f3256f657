# Writes into the feedback page and the spreadsheet.
def update_tau(r):
    raise ValueError("</p><script>alert(1)</script><img src=x onerror=alert(2)>\x00\u202e =HYPERLINK(1)")
