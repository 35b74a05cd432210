"""SPARQL: queries read, refused or bounded before they run, and run over the published graph."""
