"""One file for what one page shows: each page is a function of the site and of what is asked."""
