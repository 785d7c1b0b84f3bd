/** The registry on MLflow. */
package io.sluice.mlflow;
