#!/bin/sh
load
