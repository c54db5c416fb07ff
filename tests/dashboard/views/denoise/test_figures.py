from dashboard.views.denoise.figures import levels_matrix


def test_star_marks_the_run_that_is_best_on_validation_images() -> None:
    heat = levels_matrix(
        ["first", "second"], [0.1, 0.5], [[30.0, 20.0], [29.0, 21.0]], [[28.0, 20.0], [28.5, 19.0]]
    ).data[0]
    assert heat.text.tolist() == [["30.0", "20.0 ★"], ["29.0 ★", "21.0"]]
    assert heat.z.tolist() == [[30.0, 20.0], [29.0, 21.0]]
