#!/usr/bin/env bash
# Fine-tunes the shipped model on a folder of your own, at toy size: seven example scenes, twenty steps.
#   bash examples/finetune/run.sh OUT [STEPS]
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
out=${1:?say which folder to write}
steps=${2:-20}

# Your data takes the place of this copy: the same folders, and the records below dataset_split/train.
mkdir -p "$out/data/dataset_split"
cp -r "$here"/scenes/{RGB,depth,mask} "$out/data/"
cp -r "$here/scenes/dataset_split/test" "$out/data/dataset_split/train"

annexe train --data "$out/data" --out "$out/model" --start-from annexe-scenes \
    --steps "$steps" --batch-size 4 --queries-per-image 3 --learning-rate 1e-4 --warmup-steps 5
image=$(find "$out/data/RGB" -name '*.jpg' | sort | head -n 1)
annexe ask --image "$image" --query "Segment the hands and objects in interaction." --model "$out/model" --out "$out/answer"
