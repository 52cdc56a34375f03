"""Does one command start, watch and stop it all?"""
