//! What other programs, and other habits, call the statements here, their clauses and what those name: by meaning, before
//! any spelling is compared.

/// Words of one meaning, in lower case without `_`, and the word for it here.
type Row = (&'static str, &'static str);

/// What begins a statement elsewhere.
const STATEMENTS: &[Row] = &[
    ("fit learn optimize optimise", "train"),
    ("evaluate eval validate score", "test"),
    ("infer inference classify forward", "predict"),
    ("summarize summarise describe info inspect", "summary"),
    ("architecture structure diagram sketch netron graphviz torchviz plotmodel plotneuralnet", "draw"),
    ("display view visualize visualise print", "show"),
    ("benchmark time profile speed", "bench"),
    ("dataset download", "data"),
    ("write store dump", "save"),
    ("read open restore", "load"),
    ("curve curves chart", "plot"),
    ("diff versus", "compare"),
    ("correlate convolution", "convolve"),
    ("weights kernels", "filters"),
    ("lrfind lrfinder lrrangetest search", "find"),
    ("activations featuremaps", "features"),
    ("heatmap sensitivity gradcam", "saliency"),
    ("segmentation mask parse", "segment"),
    ("tsne pca umap embedding embeddings project projection codes", "embed"),
    ("attack adversarial adversary perturb deceive trick", "fool"),
    ("maximise ascend activationmaximization deepdream dream inceptionism lucid", "maximize"),
    ("rubbish cppn mapelites genetic", "evolve"),
    ("styletransfer neuralstyle stylise restyle paint repaint gatys", "stylize"),
    ("comment echo puts say remark", "note"),
    ("randomseed manualseed setseed", "seed"),
    ("models networks nets zoo", "library"),
    ("const var set define", "let"),
    ("model network", "net"),
    ("module function def", "block"),
    ("who whos vars names %whos %names %vars %ls", "%who"),
    ("delete rm del erase drop discard", "remove"),
    ("cleanup clean gc trim tidy", "prune"),
    ("history experiments trials jobs ls", "runs"),
    ("tocsv csv dumpcsv", "export"),
    ("continue goon", "resume"),
    ("reset clear forget %clear %forget", "%reset"),
];

/// What begins a clause elsewhere; where several are named, the verb's own counts.
const CLAUSES: &[Row] = &[
    ("bs batchsize minibatch minibatchsize", "batch"),
    ("optimizer optimiser optim opt descent", "by"),
    ("optimizer optimiser optim opt using via", "with"),
    ("net network model", "with"),
    ("contentlayer contentlayers", "content"),
    ("stylelayer stylelayers", "style"),
    ("start init begin beginning initial", "from"),
    ("weight contentweight styleweight variationweight", "weights"),
    ("kernel filter filters weights by", "with"),
    ("scheduler lrschedule lrscheduler annealing", "schedule"),
    ("randomstate randomseed manualseed rng", "seed"),
    ("continue continued again more", "further"),
    ("resumefrom restart", "resume"),
    ("saveevery checkpoints", "checkpoint"),
    ("dataset data over of", "on"),
    ("to into as file out output", "save"),
    ("label target category", "class"),
    ("center middle neuron", "centre"),
    ("training backward", "train"),
    ("inference eval evaluation forward", "infer"),
    ("resize resized shape imagesize imgsize", "size"),
    ("window kernel kernelsize poolsize", "size"),
    ("padding zeros border", "pad"),
    ("strides step steps", "stride"),
    ("dilation dilated rate", "dilate"),
    ("mean average", "avg"),
    ("maximum", "max"),
    ("for from by", "of"),
    ("folder folders dir directory image imagefolder picture pictures photo photos", "images"),
    ("numpy array arrays npz", "npy"),
    ("table tsv spreadsheet dataframe", "csv"),
    ("mask segmentation maps annotations", "masks"),
    ("subset share fraction sample", "part"),
    ("label targets target annotations", "labels"),
    ("splits ratio testsize testsplit trainsize validationsplit", "split"),
    ("skipbroken", "skip"),
    ("ignore", "skip"),
    ("criterion objective lossfunction lossfn", "loss"),
    ("classweight classweights balanced", "weights"),
    ("labelsmoothing smoothing", "smooth"),
    ("ignoreindex ignorelabel void", "ignore"),
    ("dtype kind type", "as"),
    ("towards reconstruct", "toward"),
    ("gradclip clipnorm clipgradnorm clipgrad gradientclipping clipping maxnorm", "clip"),
    ("frozen lock fix fixed untrainable nottrainable", "freeze"),
    ("adversarial adversarially robust robustly attack", "against"),
    ("alpha ratio mix", "share"),
    ("grid gridsearch search tune over", "sweep"),
    ("repeat repeats repetitions restarts", "seeds"),
    ("retain leave spare", "keep"),
    ("full whole complete everything unfolded unfold expand expanded expandnested verbose", "all"),
];

/// What an optimizer is called, or the one that is nearest in meaning.
const OPTIMIZERS: &[Row] = &[
    ("adagrad adadelta", "rmsprop"),
    ("nadam adamax radam amsgrad lamb lion", "adam"),
    ("gd gradientdescent sgdm momentum nesterov nag", "sgd"),
];

/// Ways down.
const DOWN: &[Row] = &[
    ("bfgs lbfgsb quasinewton newton", "lbfgs"),
    ("sgd adamw nadam adamax radam amsgrad rmsprop adagrad gd gradientdescent momentum", "adam"),
];

/// Where a picture begins.
const BEGINNINGS: &[Row] =
    &[("random white whitenoise gaussian", "noise"), ("photograph content image picture itself", "photo")];

/// The same of schedules.
const SCHEDULES: &[Row] = &[
    ("cos cosineannealing cosineannealinglr cosinedecay annealing linear onecycle", "cosine"),
    ("none fixed flat", "constant"),
    ("steplr multistep multisteplr exponential exponentiallr decay", "step"),
    ("polynomial polynomiallr polylr polydecay", "poly"),
    ("reducelronplateau reduceonplateau", "plateau"),
];

/// What layouts are called, or the one that is nearest in meaning.
const LAYOUTS: &[Row] = &[
    ("umap isomap mds lle largevis trimap pacmap sne neighbours neighbors", "tsne"),
    ("svd principal components principalcomponents linear", "pca"),
];

/// What attacks are called, or the one that is nearest in meaning.
const ATTACKS: &[Row] = &[
    ("fastgradientsign fastgradientsignmethod fgm sign gradient", "fgsm"),
    ("bim ifgsm iterative basiciterative projectedgradientdescent madry linf apgd", "pgd"),
    ("deep carlini carliniwagner cw l2", "deepfool"),
];

/// What tells which pixels matter.
const ATTRIBUTIONS: &[Row] = &[
    ("gradients grad vanilla simonyan backprop plain", "gradient"),
    ("guidedbackprop guidedbackpropagation guidedgradient deconvnet", "guided"),
    ("integratedgradients integratedgradient integral ig sundararajan", "integrated"),
    ("cam classactivation scorecam gradcampp selvaraju", "gradcam"),
];

/// What keeps a picture in bounds.
const REGULARISERS: &[Row] = &[
    ("totalvariation variation smoothness", "tv"),
    ("shift shifts roll translate transforms robustness", "jitter"),
    ("octave scales scale multiscale pyramid", "octaves"),
    ("gaussian gauss gaussianblur smooth", "blur"),
    ("l2 weightdecay norm", "decay"),
    ("fft frequency frequencies spectrum decorrelated", "fourier"),
    ("none nothing", "plain"),
];

/// What losses are called.
const LOSSES: &[Row] = &[
    ("meansquarederror squarederror squared l2 mseloss", "mse"),
    ("mae meanabsoluteerror absoluteerror absolute l1loss", "l1"),
    ("smoothl1 smoothl1loss huberloss", "huber"),
    ("softdice diceloss jaccard iou", "dice"),
];

/// What labels can be taken for.
const KINDS: &[Row] = &[
    ("number float floats float32 regression values", "numbers"),
    ("class int integers int64 labels categories categorical", "classes"),
];

/// What the numbers of optimizers, schedules and layouts are called.
const NUMBERS: &[Row] = &[
    ("rate learningrate eta", "lr"),
    ("weightdecay wd l2", "decay"),
    ("epsilon", "eps"),
    ("b1", "beta1"),
    ("b2", "beta2"),
    ("gamma factor", "by"),
    ("stepsize", "every"),
    ("milestones", "at"),
    ("rho", "alpha"),
    ("exponent", "power"),
    ("mindelta tolerance tol", "threshold"),
    ("mom", "momentum"),
    ("perp nneighbors nneighbours neighbours neighbors", "perplexity"),
    ("iterations iters iter niter maxiter", "steps"),
    ("angle", "theta"),
    ("history historysize", "memory"),
    ("tv totalvariation smoothness regularization regularisation", "variation"),
    ("contentweight", "content"),
    ("styleweight", "style"),
];

/// Who publishes weights.
const PUBLISHERS: &[Row] = &[("pytorch torch tv timm huggingface hub foreign", "torchvision")];

/// The curves of `plot`.
const CURVES: &[Row] = &[("acc accuracies precision", "accuracy"), ("losses error cost objective", "loss")];

/// The statement that `word` begins here.
pub(super) fn statement(word: &str) -> Option<&'static str> {
    ours(STATEMENTS, word).next()
}

/// The clause that `word` begins here, among those that `takes` has.
pub(super) fn clause(word: &str, takes: &[&str]) -> Option<&'static str> {
    ours(CLAUSES, word).find(|clause| takes.contains(clause))
}

/// What `word` is called here, or the nearest in meaning, among those that a clause takes.
pub(super) fn named(word: &str, takes: &[&str]) -> Option<&'static str> {
    let all = [
        OPTIMIZERS,
        SCHEDULES,
        LAYOUTS,
        ATTACKS,
        ATTRIBUTIONS,
        REGULARISERS,
        LOSSES,
        KINDS,
        PUBLISHERS,
        DOWN,
        BEGINNINGS,
    ];
    let all = all.into_iter().flat_map(|rows| ours(rows, word));
    all.into_iter().find(|ours| takes.contains(ours))
}

/// The number of an optimizer, a schedule or a layout that `word` is.
pub(super) fn number(word: &str) -> Option<&'static str> {
    ours(NUMBERS, word).next()
}

/// The curve that `word` is.
pub(super) fn curve(word: &str) -> Option<&'static str> {
    ours(CURVES, word).next()
}

/// Whether a word says how many epochs there are.
pub(super) fn is_epochs(word: &str) -> bool {
    matches!(bare(word).as_str(), "epochs" | "epoch" | "nepochs" | "numepochs" | "maxepochs")
}

/// A word between a verb and what it is applied to, which nothing here needs: `save lenet to "lenet.safetensors"`.
pub(super) fn is_filler(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "the" | "net" | "model" | "network" | "of" | "to" | "as" | "into" | "in" | "from" | "at" | "data"
    )
}

/// Every word of ours for `word`, in order.
fn ours(rows: &'static [Row], word: &str) -> impl Iterator<Item = &'static str> {
    let word = bare(word);
    rows.iter().filter(move |(words, _)| words.split(' ').any(|other| other == word)).map(|&(_, ours)| ours)
}

fn bare(word: &str) -> String {
    word.to_lowercase().replace('_', "")
}

#[cfg(test)]
mod tests {
    use super::super::clause::{
        ATTACKS as OFFENCES, ATTRIBUTIONS as MAPS, DESCENTS, LAYOUTS as WAYS, OPTIMIZERS as OURS,
        REGULARISERS as BOUNDS, SCHEDULES as COURSES, every_named,
    };
    use super::super::words;
    use super::*;

    #[test]
    fn every_word_leads_to_one_of_ours() {
        for (rows, is_ours) in [
            (STATEMENTS, (|word| words::statements().any(|known| known == word)) as fn(&str) -> bool),
            (CLAUSES, |word| words::clauses().any(|clause| clause.word == word)),
            (OPTIMIZERS, |word| OURS.iter().any(|named| named.word == word)),
            (SCHEDULES, |word| COURSES.iter().any(|named| named.word == word)),
            (LAYOUTS, |word| WAYS.iter().any(|named| named.word == word)),
            (ATTACKS, |word| OFFENCES.iter().any(|named| named.word == word)),
            (DOWN, |word| DESCENTS.iter().any(|named| named.word == word)),
            (BEGINNINGS, |word| words::clause_parts().any(|part| part == word)),
            (ATTRIBUTIONS, |word| MAPS.iter().any(|named| named.word == word)),
            (REGULARISERS, |word| BOUNDS.iter().any(|named| named.word == word)),
            (CURVES, |word| matches!(word, "loss" | "accuracy")),
        ] {
            for (theirs, ours) in rows {
                assert!(is_ours(ours), "{ours}");
                assert!(theirs.split(' ').all(|word| word == bare(word) && word != *ours), "{theirs}");
            }
        }
        let keys: Vec<&str> = every_named().flat_map(|(_, numbers)| numbers).map(|number| number.key).collect();
        assert!(NUMBERS.iter().all(|(_, ours)| keys.contains(ours)));
    }

    #[test]
    fn a_word_of_ours_is_nobody_elses() {
        for (words, ours) in STATEMENTS {
            assert!(words.split(' ').all(|word| !words::is_statement_word(word)), "{words} for {ours}");
        }
        assert_eq!(clause("padding", &["pad"]), Some("pad"));
        assert_eq!(clause("kernel", &["size"]), Some("size"));
        assert_eq!((clause("batch_size", &["batch"]), clause("bs", &["on"])), (Some("batch"), None));
        assert_eq!((number("learning_rate"), number("lr")), (Some("lr"), None));
    }
}
