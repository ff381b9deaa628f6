"""The figures of tests as scikit-learn has them: of classes, of several classes at once, of numbers."""

import numpy as np
from sklearn import metrics


def cases():
    random = np.random.default_rng(11)
    arrays = {}
    truth, told = random.integers(0, 6, 500), random.integers(0, 6, 500)
    told = np.where(random.random(500) < 0.6, truth, told)
    # Class 5 is never told, and class 6 is not there at all.
    told[told == 5] = 0
    scores = (random.standard_normal((500, 7)) + 2 * np.eye(7)[truth]).astype(np.float32)
    classes = range(7)
    confusion = metrics.confusion_matrix(truth, told, labels=classes)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, told, labels=classes, zero_division=np.nan)
    iou = metrics.jaccard_score(truth, told, labels=range(6), average=None)
    arrays |= {"classes.scores": scores, "classes.truth": truth.astype(np.float32), "classes.told": told.astype(np.float32)}
    arrays |= {"classes.confusion": confusion.astype(float), "classes.precision": precision, "classes.recall": recall}
    arrays |= {"classes.f1": f1, "classes.iou": iou}
    arrays |= {f"classes.top{k}": np.array(metrics.top_k_accuracy_score(truth, scores, k=k, labels=classes)) for k in (1, 5)}

    truth = random.integers(0, 2, (300, 4))
    told = np.abs(truth - 0.4 * random.random((300, 4)) - 0.3 * (random.random((300, 4)) < 0.3)).astype(np.float32)
    said = told > 0.5
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, said)
    arrays |= {"several.truth": truth.astype(np.float32), "several.told": told, "several.precision": precision}
    arrays |= {"several.recall": recall, "several.f1": f1, "several.iou": metrics.jaccard_score(truth, said, average=None)}
    arrays |= {"several.exact": np.array(metrics.accuracy_score(truth, said))}
    arrays |= {"several.right": np.array(1 - metrics.hamming_loss(truth, said))}
    # Rounded, so that many are alike.
    scores = np.round(told, 1)
    arrays |= {"several.scores": scores, "several.auc": metrics.roc_auc_score(truth, scores, average=None)}

    for name, columns, middle in [("one", 1, 0), ("three", 3, 0), ("far", 2, 1e4)]:
        truth = (random.standard_normal((200, columns)) + middle).astype(np.float32)
        told = (truth + 0.3 * random.standard_normal((200, columns))).astype(np.float32)
        wide = truth.astype(float), told.astype(float)
        arrays |= {f"{name}.truth": truth, f"{name}.told": told}
        arrays |= {f"{name}.rmse": np.sqrt(metrics.mean_squared_error(*wide)), f"{name}.r2": np.array(metrics.r2_score(*wide))}
    return arrays
