"""How everything looks: tokens, palette, stylesheet, fonts, icons and the theme that applies them."""
