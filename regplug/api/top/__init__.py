"""The ALTs that lead annotated VCFs: `top.top`, whose page `page.write_page` draws."""
