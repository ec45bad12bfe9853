"""The back end of procedure 602e: voluntary social insurance taken online."""
