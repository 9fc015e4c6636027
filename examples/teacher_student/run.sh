#!/usr/bin/env bash
# A large engine labels a recording of your own, and a small model learns from it.
#   bash examples/teacher_student/run.sh RECORDING OUT [STEPS]
# TEACHER and TEACHER_MODEL choose who labels (docs/engines.md), STUDENT the model that learns, EVERY which frames.
set -euo pipefail
recording=${1:?say which recording: a folder of images, a bag in MCAP or a video}
out=${2:?say which folder to write}
steps=${3:-2000}

# The first wording of a query is asked of the teacher; the student learns them all.
annexe annotate "$recording" --out "$out/labelled" --every "${EVERY:-5}" --min-score 0.5 \
    --engine "${TEACHER:-vlm_sam}" ${TEACHER_MODEL:+--model "$TEACHER_MODEL"} \
    --query "Segment the hands. | Where are my hands? | hands" \
    --query "Segment the hands and the objects in interaction. | What are my hands working with?" \
    --query "What is the right hand holding? | Find the object in the right hand." \
    --query "What is the left hand holding? | Find the object in the left hand."

annexe train --data "$out/labelled" --out "$out/student" --start-from "${STUDENT:-annexe-scenes}" \
    --steps "$steps" --batch-size "${BATCH:-8}" --queries-per-image 3 --learning-rate 1e-4 --warmup-steps 20

# What the student says of the frames that it learned from, beside its teacher.
annexe annotate "$out/labelled" --out "$out/compared" --labels "$out/labelled" --labels-split train \
    --queries-per-image 3 --model "$out/student" --json | tee "$out/agreement.json"
