#!/bin/bash -eu
# The same as for OSS-Fuzz.
exec bash "${SRC}/gauntlet/fuzz/oss-fuzz/build.sh"
