"""Test errors of scikit-learn on one table: NAME FILE TEST_FILE TASK TARGET CATEGORICAL,...

Prints set,metric,method,value,seconds. Log loss is of probabilities clipped to [0.001, 0.999]."""
import csv
import math
import sys
import time

from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MISSING = ("", "NA", "?")


def read(path, target, categorical):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    names = [n for n in rows[0] if n != target]
    cell = lambda n, v: (v if n in categorical else math.nan if v in MISSING else float(v))
    return names, [[cell(n, r[n]) for n in names] for r in rows], [r[target] for r in rows]


def main():
    name, train, test, task, target, categorical = sys.argv[1:7]
    categorical = [c for c in categorical.split(",") if c]
    names, x, y = read(train, target, categorical)
    _, xt, yt = read(test, target, categorical)
    classes = task == "classification"
    if not classes:
        y, yt = list(map(float, y)), list(map(float, yt))
    at = [i for i, n in enumerate(names) if n in categorical]
    numeric = [i for i in range(len(names)) if i not in at]
    encode = lambda: ColumnTransformer([
        ("n", make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numeric),
        ("c", OneHotEncoder(handle_unknown="ignore", sparse_output=False), at)])
    if classes:
        models = {"constant": DummyClassifier(), "logistic": LogisticRegression(max_iter=2000), "knn": KNeighborsClassifier(15),
                  "random_forest": RandomForestClassifier(500, random_state=1), "hist_gb": HistGradientBoostingClassifier(random_state=1)}
    else:
        models = {"constant": DummyRegressor(strategy="median"), "ridge": RidgeCV([.1, 1, 10, 100]), "knn": KNeighborsRegressor(5),
                  "random_forest": RandomForestRegressor(500, random_state=1), "hist_gb": HistGradientBoostingRegressor(random_state=1)}
    print("set,metric,method,value,seconds")
    for method, model in models.items():
        begun = time.time()
        model = make_pipeline(encode(), model).fit(x, y)
        if classes:
            place = {c: i for i, c in enumerate(model.classes_)}
            odds = [p[place[c]] if c in place else 0 for p, c in zip(model.predict_proba(xt), yt)]
            value = sum(-math.log(min(max(p, .001), .999)) for p in odds) / len(odds)
        else:
            value = sum(abs(p - v) for p, v in zip(model.predict(xt), yt)) / len(yt)
        print("%s,test_%s,%s,%.8g,%.1f" % (name, "cross_entropy" if classes else "mae", method, value, time.time() - begun))


main()
