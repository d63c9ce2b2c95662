#!/bin/bash
#SBATCH --job-name=prefix
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=32
#SBATCH --time=04:00:00
#SBATCH --requeue
# sbatch slurm.sh: one torchrun on each node, eight processes in each. A job that is queued again goes on.
set -euo pipefail
main=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
srun --kill-on-bad-exit=1 torchrun \
  --nnodes "$SLURM_NNODES" \
  --nproc-per-node 8 \
  --rdzv-backend c10d \
  --rdzv-endpoint "$main:29500" \
  --rdzv-id "$SLURM_JOB_ID" \
  train.py --output_dir out --max_steps 1000 --save_steps 100
