"""Where runs are logged: TensorBoard, CSV files, Weights & Biases, MLflow, or a logger of a plug-in."""

from vectorae.loggers.base import LoggedRun, RunLogger
from vectorae.loggers.csv_files import CSV
from vectorae.loggers.mlflow import MLflow
from vectorae.loggers.several import Loggers
from vectorae.loggers.tensorboard import TensorBoard
from vectorae.loggers.wandb import WandB

__all__ = ["CSV", "LoggedRun", "Loggers", "MLflow", "RunLogger", "TensorBoard", "WandB"]
