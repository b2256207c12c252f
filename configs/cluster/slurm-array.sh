#!/usr/bin/env bash
# A run in parts, one a task of an array of Slurm, and their merge once all are there. Python is not needed.
#
#     bash slurm-array.sh     submits both; again, after tasks have failed, and only what is missing is computed
#
# What a task may take, and a merge too:
#SBATCH --job-name=slashfall
#SBATCH --cpus-per-task=4
#SBATCH --mem=2G
#SBATCH --time=01:00:00
set -euo pipefail

# Change these, here or in the environment. All nodes have to see RUN, its network and FOLDER.
export RUN=${RUN:-configs/quickstart.toml}
export PATHS=${PATHS:-1000000000}         # of the whole run
export PARTS=${PARTS:-100}                # tasks; MaxArraySize of Slurm is 1001 unless your site says otherwise
export FOLDER=${FOLDER:-results/cluster}  # one for each run: parts that are there are taken as they are

case ${1:-submit} in
submit)
    mkdir -p "$FOLDER/logs"
    array=$(sbatch --parsable --export=ALL --array="0-$((PARTS - 1))" --output="$FOLDER/logs/%A-%a.txt" "$0" part)
    sbatch --export=ALL --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes \
        --output="$FOLDER/logs/%j-merge.txt" "$0" merge
    ;;
part)
    # Whole numbers: a part begins where the one before it ends, and the last ends with the run.
    from=$((PATHS * SLURM_ARRAY_TASK_ID / PARTS))
    to=$((PATHS * (SLURM_ARRAY_TASK_ID + 1) / PARTS))
    part=$FOLDER/parts/$from-$to
    # A part has its name only when it is whole.
    test -e "$part" || slashfall run "$RUN" --paths "$PATHS" --paths-from "$from" --paths-to "$to" \
        --threads "${SLURM_CPUS_PER_TASK:-1}" --quiet --output "$part"
    ;;
merge)
    test -e "$FOLDER/result" || slashfall merge "$FOLDER/parts" --quiet --output "$FOLDER/result"
    ;;
esac
