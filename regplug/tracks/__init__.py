"""Values along the genome: over regions and around variants, in bigWig and bedGraph."""
