#!/bin/sh
set -eu
load
