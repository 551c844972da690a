#!/usr/bin/env python3
"""A scikit-learn pipeline: which kernel, scaling and regularization classify wines best, by cross-validation on other folds each time."""
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sdk", "python"))
import doin

try:
    from sklearn.datasets import load_wine
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    from sklearn.svm import SVC
except ImportError:
    sys.exit("this example needs scikit-learn: pip install scikit-learn")

x, y = load_wine(return_X_y=True)

@doin.problem(direction="maximize", metric="accuracy", workers=2, version="1", space={
    "scaler": doin.categorical(["standard", "minmax"]),
    "kernel": doin.categorical(["linear", "rbf", "poly"]),
    "c": doin.log_real(0.001, 1000),
    "gamma": doin.log_real(0.0001, 10, when=doin.when("kernel", "rbf", "poly")),
    "degree": doin.integer(2, 5, when=doin.when("kernel", "poly")),
})
def wine(scaler, kernel, c, gamma, degree, seed):
    model = make_pipeline(StandardScaler() if scaler == "standard" else MinMaxScaler(),
                          SVC(kernel=kernel, C=c, gamma=gamma or "scale", degree=degree or 3))
    scores = cross_val_score(model, x, y, cv=StratifiedKFold(5, shuffle=True, random_state=seed))
    return scores.mean(), {"worst_fold": scores.min()}

doin.serve()
